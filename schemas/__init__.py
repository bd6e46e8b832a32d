"""What is in the tables: one record class per table, each declared once, here."""
