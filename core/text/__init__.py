"""Pure text work that several parts share: cutting Markdown into claims, weighing sentences."""
