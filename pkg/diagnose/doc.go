// Package diagnose tells from a few hundred labelled rows of a target task whether pretrained
// features beat training from scratch, and up to how many labels.
//
//	r, err := diagnose.Run(diagnose.Data{Features: phi, Inputs: x, Labels: y})
//	fmt.Println(r.Sentence()) // Transfer wins up to about 370 labels (at least 216); ...
//
// An arm is a ridge regression with an intercept on a representation of the rows: the
// features (linear transfer), the inputs, and the arc-cosine kernel of the inputs, which is
// the ReLU network of infinite width. The risk of an arm with n labels follows from the
// eigenvalues and from the errors of leaving one row out by the deterministic equivalents of
// ridge regression (Hastie, Montanari, Rosset and Tibshirani 2022; Wei, Hu and Steinhardt
// 2022; Simon, Dickens, Karkada and DeWeese 2023; Bach 2023), which generalise the law of
// Section 4 of the paper to features of any covariance.
package diagnose
