import sys

from tools.reference import outdated, write

if "--check" in sys.argv:
    # Exit code 1, and the pages that the code has left behind.
    sys.exit("\n".join(outdated()) or None)
for name in write():
    print(f"docs/reference/{name}")
