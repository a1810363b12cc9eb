"""The statements by which workers move a job through its states; each is one transaction of its own."""
