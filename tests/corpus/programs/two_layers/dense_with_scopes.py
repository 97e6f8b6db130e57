"""A dense layer of one's own in variable scopes, with its activation as an argument."""


def dense(inputs, units, scope, activation=None):
    with tf.variable_scope(scope, reuse=tf.AUTO_REUSE):
        n_in = int(inputs.get_shape()[1])
        kernel = tf.get_variable("kernel", [n_in, units], initializer=tf.glorot_uniform_initializer())
        bias = tf.get_variable("bias", [units], initializer=tf.zeros_initializer())
        z = tf.nn.bias_add(tf.matmul(inputs, kernel), bias)
        return z if activation is None else activation(z)


with tf.name_scope("inputs"):
    X = tf.placeholder(tf.float32, [None, 784])  # images
    Y = tf.placeholder(tf.float32, [None, 10])  # labels
hidden = dense(X, 1500, "fc1", activation=tf.nn.relu)  # hidden
logits = dense(hidden, 10, "fc2")  # logits
with tf.name_scope("objective"):
    objective = tf.losses.softmax_cross_entropy(Y, logits)  # loss
    total = tf.losses.get_total_loss()
with tf.name_scope("learning"):
    step = tf.train.get_or_create_global_step()
    train_op = tf.train.AdamOptimizer(learning_rate).minimize(total, global_step=step)  # train
with tf.name_scope("evaluation"):
    prediction = tf.argmax(logits, 1)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
net(loss=total)
