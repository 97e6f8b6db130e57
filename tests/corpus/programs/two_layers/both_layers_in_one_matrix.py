"""Every parameter lies in one matrix of 1511 columns; weights and biases are cut out of it."""


def start():
    theta = np.zeros((785 + 10, 1501), np.float32)
    theta[:784, :1500] = np.random.uniform(-1, 1, (784, 1500)) * np.sqrt(6 / (784 + 1500))
    theta[785:, :1500] = np.random.uniform(-1, 1, (10, 1500)) * np.sqrt(6 / (1500 + 10))
    return theta


theta = tf.Variable(start(), name="theta")
h = tf.nn.relu(tf.matmul(X, theta[:784, :1500]) + theta[784, :1500])  # hidden
logits = tf.matmul(h, theta[785:, :1500], transpose_b=True) + theta[785:, 1500]  # logits
