import statistics
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
MEDIAN, NINETIETH, LONGEST = 90, 220, 400


def test_files_stay_small() -> None:
    lengths = {path: len(path.read_text("utf-8").split("\n")) for path in SOURCE.rglob("*.py")}
    written = sorted(length for length in lengths.values() if length > 1)
    assert statistics.median(written) <= MEDIAN
    assert written[int(len(written) * 0.9)] <= NINETIETH
    assert [path.name for path, length in lengths.items() if length > LONGEST] == []
