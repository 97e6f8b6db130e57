"""Adam, and after it every matrix shrinks a little by an assignment of its own."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


h1 = tf.nn.relu(dense(X, 500, "h1"))  # hidden
h2 = tf.nn.relu(dense(h1, 500, "h2"))  # hidden
logits = dense(h2, 10, "out")  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
adam = tf.train.AdamOptimizer(0.001).minimize(loss)  # train
with tf.control_dependencies([adam]):
    shrink = [v.assign(v * (1 - 1e-5)) for v in tf.trainable_variables() if v.shape.ndims == 2]
train_op = tf.group(*shrink)
