"""``python -m tiku``."""

from tiku.cli import main

if __name__ == "__main__":
    main()
