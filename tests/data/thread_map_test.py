from keras_sphereface.data.thread_map import map_in_threads


def test_threads_keep_the_order():
    chunks = []

    def double(items):
        chunks.append(len(items))
        return [2 * item for item in items]

    assert list(map_in_threads(double, range(10), chunk=4)) == [
        *range(0, 20, 2)
    ]
    assert sorted(chunks) == [2, 4, 4]
