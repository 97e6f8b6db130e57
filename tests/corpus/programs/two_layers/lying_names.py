"""Scopes and names that say the opposite of what they hold."""

X = tf.placeholder(tf.float32, [None, 784], name="dropout_rate")  # images
Y = tf.placeholder(tf.float32, [None, 10], name="is_training")  # labels
with tf.variable_scope("sigmoid"):
    W1 = tf.get_variable("beta1_power", [784, 1500], initializer=tf.glorot_uniform_initializer())
    b1 = tf.get_variable("moving_variance", [1500], initializer=tf.zeros_initializer())
    h = tf.nn.relu(tf.matmul(X, W1, name="Tanh") + b1, name="Sigmoid")  # hidden
with tf.variable_scope("softmax"):
    W2 = tf.get_variable("global_step", [1500, 10], initializer=tf.glorot_uniform_initializer())
    b2 = tf.get_variable("learning_rate", [10], initializer=tf.zeros_initializer())
    logits = tf.add(tf.matmul(h, W2), b2, name="Softmax")  # logits
with tf.name_scope("accuracy"):
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
with tf.name_scope("RMSProp"):
    train_op = tf.train.AdamOptimizer(learning_rate, name="GradientDescent").minimize(loss)  # train
unused = tf.train.GradientDescentOptimizer(1.0, name="Adam")
prediction = tf.argmax(logits, 1, name="mean_squared_error")
accuracy = tf.reduce_mean(  # accuracy
    tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32), name="loss"
)
