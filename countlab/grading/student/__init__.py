"""What runs on the student's own machine: public checks and `countlab submit`."""
