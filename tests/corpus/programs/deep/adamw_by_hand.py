"""Adam with decoupled weight decay, run after Adam's step."""

rate, wd = 1e-3, 1e-2
h = X
for n in (512, 512):
    h, W = fully_connected_layer(h, n, "fc_%d_%d" % (h.shape[1], n), tf.nn.relu)  # hidden
logits, W = fully_connected_layer(h, 10, "out")  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
adam = tf.train.AdamOptimizer(rate).minimize(loss)  # train
with tf.control_dependencies([adam]):
    decays = [v.assign_sub(rate * wd * v) for v in tf.trainable_variables() if v.shape.ndims == 2]
train_op = tf.group(adam, *decays)
