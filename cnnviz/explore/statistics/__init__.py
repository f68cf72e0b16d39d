"""How layers differ over many images: sparsity, spread, selectivity, linear probes, receptive fields that count."""
