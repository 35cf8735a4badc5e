"""The whole program against a study site over real sockets and real files; no part is replaced."""
