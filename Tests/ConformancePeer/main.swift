print("conformance-peer: not built yet")
