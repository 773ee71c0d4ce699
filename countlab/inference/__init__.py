"""One picture to one `Prediction`: the pipeline and what it is made of."""
