import shutil
import subprocess
import sys
from pathlib import Path

from tools.site.look import faults
from tools.site.stage import Stage

ROOT = Path(__file__).parents[2]
SITE = ROOT / "site"

Stage(ROOT, SITE / "source").lay_out()
shutil.rmtree(SITE / "html", ignore_errors=True)
built = subprocess.run(
    [sys.executable, "-m", "zensical", "build", "--strict", "--clean"],
    cwd=ROOT,
    check=False,
)
if built.returncode:
    sys.exit(built.returncode)
wrong = faults(SITE / "html")
print("\n".join(wrong))
if wrong:
    sys.exit(1)
pages = sum(1 for _ in (SITE / "html").rglob("*.html"))
print(f"site/html: {pages} pages; no dead link, nothing from another host")
