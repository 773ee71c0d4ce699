"""How the octagons lab's pictures and its detector are made; never imported by countlab."""
