"""How one table becomes the next: one pure function per arrow of the chain."""
