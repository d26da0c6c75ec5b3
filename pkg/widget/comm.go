package widget

// Connect gives the package the function that sends messages to the front end.
func Connect(send func(Message)) {}

// Receive handles a message of the front end.
func Receive(Message) {}

// Comms returns the ids of the open comms with their target names: those with the given
// one, or all if it is empty.
func Comms(target string) map[string]string { return nil }
