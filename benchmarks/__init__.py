"""How fast it is and how that grows. Never part of `make test`: times depend on the machine, figures are kept in docs/."""
