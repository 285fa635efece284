"""What the attacks are made of: a network of our own, a DNS of our own, attackers who are held down, and senders who must not notice."""
