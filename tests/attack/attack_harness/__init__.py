"""What the attacks are made of: a network and a DNS of our own, attackers, and senders who must not notice."""
