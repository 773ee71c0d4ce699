"""How countlab is run beside other programs."""
