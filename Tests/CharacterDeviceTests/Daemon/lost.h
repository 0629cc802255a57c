// Waits until nobody serves `file` any more, and prints what each call gives then: the exit status.
int outlive_server(int file);
