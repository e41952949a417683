from keras_sphereface.backend.keras_internals import strategy_of


def embedding_function(embedder):
    """Images to embeddings in one batch, for evaluation.

    Under a strategy `keras.Model.predict_on_batch` gives every replica the
    whole batch and returns all their answers; this returns them once.

    Args:
        embedder: `keras.Model`, images to embeddings.

    Returns:
        Function from images, `(batch_size, height, width, 3)`, to a float
        array, `(batch_size, embedding_dim)`.
    """
    if strategy_of(embedder) is None:
        return embedder.predict_on_batch
    import tensorflow as tf

    @tf.function(reduce_retracing=True)
    def embed(images):
        return embedder(images, training=False)

    return lambda images: embed(tf.convert_to_tensor(images)).numpy()
