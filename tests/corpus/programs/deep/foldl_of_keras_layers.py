"""Keras layers with dropout and a training flag, called in a fold; L2 by Keras regularisers."""

training = tf.placeholder_with_default(False, [])
stack = [
    tf.keras.layers.Dense(256, activation="relu", kernel_initializer="he_normal"),
    tf.keras.layers.Dense(256, activation="elu"),
    tf.keras.layers.Dense(10),
]
logits = X
for layer in stack[:-1]:
    h = layer(logits)
    logits = tf.cond(training, lambda: tf.nn.dropout(h, rate=0.2), lambda: tf.identity(h))
logits = stack[-1](logits)  # logits
ce = tf.losses.softmax_cross_entropy(Y, logits)
loss = ce + 1e-4 * tf.add_n([tf.nn.l2_loss(layer.kernel.value) for layer in stack])
net(eval_feed={training: False})
