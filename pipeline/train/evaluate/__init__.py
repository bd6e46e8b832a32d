"""What a trained model can do: retrieval, zero-shot classification, linear probes, question answering, a type tally."""
