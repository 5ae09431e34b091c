"""`python -m bot` is the `docent` command."""

from bot.cli import main

main()
