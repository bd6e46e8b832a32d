"""Training of the panel detector; `make detector` runs it, nothing else imports it."""
