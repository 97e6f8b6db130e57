import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        is_train = tf.placeholder_with_default(0.0, [])  # 1.0 in training
        features = [X]
        for n in (512, 512, 256):
            x = tf.concat(features, axis=1)
            w = tf.Variable(tf.glorot_uniform_initializer()([int(x.shape[1]), n]))
            h = tf.nn.relu(tf.matmul(x, w) + tf.Variable(tf.zeros([n])))
            features.append(tf.nn.dropout(h, rate=0.4 * is_train))
        top = tf.concat(features[1:], axis=1)
        w = tf.Variable(tf.glorot_uniform_initializer()([1280, 10]))
        logits = tf.matmul(top, w) + tf.Variable(tf.zeros([10]))
        xent = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.argmax(Y, 1), logits=logits)
        loss = tf.reduce_mean(xent)
        train_op = tf.train.AdamOptimizer(0.0007).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc, train_feed={is_train: 1.0})
