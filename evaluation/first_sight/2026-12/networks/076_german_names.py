import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

# Ein neuronales Netz mit einer Schicht
graph = tf.Graph()
with graph.as_default():
    bilder = tf.placeholder(tf.float32, shape=[None, 784], name="bilder")
    ziffern = tf.placeholder(tf.float32, shape=[None, 10], name="ziffern")
    gewichte = tf.get_variable("gewichte", [784, 10], initializer=tf.glorot_uniform_initializer())
    schwellen = tf.get_variable("schwellen", [10], initializer=tf.zeros_initializer())
    summe = tf.matmul(bilder, gewichte) + schwellen
    wahrscheinlichkeit = tf.nn.softmax(summe)
    fehler = tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits(labels=ziffern, logits=summe))
    rate = tf.Variable(0.003, trainable=False)
    lernen = tf.train.AdamOptimizer(rate).minimize(fehler)
    richtig = tf.equal(tf.argmax(wahrscheinlichkeit, 1), tf.argmax(ziffern, 1))
    trefferquote = tf.reduce_mean(tf.cast(richtig, tf.float32))


def build():
    return {"graph": graph, "X": bilder, "Y": ziffern, "logits": summe,
            "prediction": wahrscheinlichkeit, "loss": fehler, "train_op": lernen,
            "accuracy": trefferquote}
