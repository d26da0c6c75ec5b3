package main

func angles() {}
