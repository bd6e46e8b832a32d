"""train: contrastive training of two towers on shards, and its evaluation. Plain PyTorch; imports no other stage.

Read it in this order: presets, layers, model, loss, step, data, loop; then checkpoint, export, evaluate.
"""
