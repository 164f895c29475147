"""The steps by which an older store becomes today's."""
