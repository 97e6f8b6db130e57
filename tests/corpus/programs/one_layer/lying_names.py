"""Names that say something else: the weights are called bias, the linear step sits in a scope called sigmoid."""

labels = tf.placeholder(tf.float32, [None, 784], name="labels")  # images
images = tf.placeholder(tf.float32, [None, 10], name="images")  # labels
with tf.variable_scope("sigmoid"):
    weights = tf.get_variable("bias", [784, 10], initializer=tf.glorot_uniform_initializer())
    bias = tf.get_variable("weights", [10], initializer=tf.zeros_initializer())
    out = tf.add(tf.matmul(labels, weights, name="softmax"), bias, name="accuracy")  # logits
with tf.name_scope("mse"):
    loss = tf.reduce_mean(  # loss
        tf.nn.softmax_cross_entropy_with_logits_v2(labels=images, logits=out), name="GradientDescent"
    )
Adam = tf.identity(loss, name="Adam")
step = tf.train.AdamOptimizer(learning_rate, name="Momentum").minimize(loss)  # train
answer = tf.argmax(out, 1, name="logits")
hits = tf.reduce_mean(tf.cast(tf.equal(answer, tf.argmax(images, 1)), tf.float32), name="loss")  # accuracy
net(X=labels, Y=images, logits=out, prediction=answer, train_op=step, accuracy=hits, W1=weights)
