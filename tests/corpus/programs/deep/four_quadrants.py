"""The picture's quadrants each have a layer of their own; their outputs are joined."""

image = tf.reshape(X, [-1, 28, 28])
parts = []
for i in range(2):
    for j in range(2):
        quadrant = tf.reshape(image[:, 14 * i : 14 * i + 14, 14 * j : 14 * j + 14], [-1, 196])
        h, _ = fully_connected_layer(quadrant, 100, "quadrant%d%d" % (i, j), tf.nn.relu)  # hidden
        parts.append(h)
joined = tf.concat(parts, 1)
h2, _ = fully_connected_layer(joined, 300, "joined", tf.nn.relu)  # hidden
logits, _ = fully_connected_layer(h2, 10, "scores")  # logits
