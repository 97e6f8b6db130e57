import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

tf.reset_default_graph()
X = tf.placeholder(tf.float32, [None, 784], name="X")
Y = tf.placeholder(tf.float32, [None, 10], name="Y")


def initialize_parameters():
    init = tf.glorot_uniform_initializer()
    return {
        "W1": tf.get_variable("W1", [1500, 784], initializer=init),
        "b1": tf.get_variable("b1", [1500, 1], initializer=tf.zeros_initializer()),
        "W2": tf.get_variable("W2", [10, 1500], initializer=init),
        "b2": tf.get_variable("b2", [10, 1], initializer=tf.zeros_initializer()),
    }


def forward_propagation(X, parameters):
    Z1 = tf.add(tf.matmul(parameters["W1"], X), parameters["b1"])
    A1 = tf.nn.relu(Z1)
    return tf.add(tf.matmul(parameters["W2"], A1), parameters["b2"])


def compute_cost(Z, Y):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=Z, labels=Y))


parameters = initialize_parameters()
Z2 = forward_propagation(tf.transpose(X), parameters)
logits = tf.transpose(Z2)
cost = compute_cost(logits, Y)
optimizer = tf.train.AdamOptimizer(learning_rate=0.001).minimize(cost)
correct_prediction = tf.equal(tf.argmax(Z2, axis=0), tf.argmax(Y, axis=1))
accuracy = tf.reduce_mean(tf.cast(correct_prediction, "float"))


def build():
    return dict(graph=X.graph, X=X, Y=Y, logits=logits, prediction=tf.nn.softmax(logits),
                loss=cost, train_op=optimizer, accuracy=accuracy)
