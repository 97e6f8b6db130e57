"""512-512-512 with dropout; the keep probability is fed, 1 for evaluation."""

X = tf.placeholder(tf.float32, [None, 784], name="X")  # images
Y = tf.placeholder(tf.float32, [None, 10], name="Y")  # labels
keep_prob = tf.placeholder(tf.float32, name="keep_prob")
h1, _ = fully_connected_layer(X, 512, "layer1", tf.nn.relu)  # hidden
h1 = tf.nn.dropout(h1, keep_prob=keep_prob)
h2, _ = fully_connected_layer(h1, 512, "layer2", tf.nn.relu)  # hidden
h2 = tf.nn.dropout(h2, keep_prob=keep_prob)
logits, _ = fully_connected_layer(h2, 10, "layer3")  # logits
net(keep_prob=keep_prob, eval_feed={keep_prob: 1.0})
