"""``python -m turvakt``."""

from turvakt.cli import main

if __name__ == "__main__":
    main()
