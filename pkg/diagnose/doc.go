// Package diagnose tells from a few hundred labelled rows of a target task what a ridge
// regression on a representation of them would lose with another number of labels, by the
// law of Section 4 for general features: the base of a comparison of pretrained features
// with training from scratch.
package diagnose
