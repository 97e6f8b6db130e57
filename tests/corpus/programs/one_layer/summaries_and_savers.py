"""All the furniture of the old tutorials: summaries, a saver, prints, assertions, and a loss taken by tf.losses."""

with tf.name_scope("input"):
    x = tf.placeholder(tf.float32, [None, 784], name="x-input")  # images
    y_ = tf.placeholder(tf.float32, [None, 10], name="y-input")  # labels
    tf.summary.image("digits", tf.reshape(x, [-1, 28, 28, 1]), 3)
with tf.name_scope("layer"):
    W = tf.Variable(tf.glorot_uniform_initializer()((784, 10)), name="W")
    b = tf.Variable(tf.zeros((10,)), name="b")
    tf.summary.histogram("weights", W)
    y = tf.matmul(x, W) + b  # logits
    tf.summary.histogram("scores", y)
with tf.name_scope("loss"):
    y = tf.Print(y, [tf.shape(y)], first_n=1)
    with tf.control_dependencies([tf.assert_rank(y, 2), tf.debugging.assert_all_finite(y, "scores")]):
        y = tf.identity(y)
    cost = tf.losses.softmax_cross_entropy(y_, y)  # loss
    total = tf.losses.get_total_loss()
    tf.summary.scalar("cost", total)
with tf.name_scope("train"):
    step = tf.train.AdamOptimizer(learning_rate).minimize(total, global_step=tf.train.create_global_step())
with tf.name_scope("accuracy"):
    right = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
    acc = tf.reduce_mean(tf.cast(right, tf.float32))  # accuracy
    tf.summary.scalar("accuracy", acc)
p = tf.nn.softmax(y, name="p")
tf.summary.merge_all()
tf.train.Saver()
tf.global_variables_initializer()
net(X=x, Y=y_, logits=y, prediction=p, loss=total, train_op=step, accuracy=acc, W1=W)
