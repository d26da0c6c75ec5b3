package theory

import (
	"slices"
	"strings"
)

// Entry is a result of the paper, or one beyond it, with the places where the project
// holds and reproduces it.
type Entry struct {
	Name      string   // "Theorem 3.9"; a phrase for a result beyond the paper
	Also      []string // what belongs to it: "eq. 15", "Figure 2"
	Statement string   // one line
	Formula   string   // plain text, one equation a line
	Code      []string // "package.Name" or "package.Type.Method"
	Notebook  string   // the file in the folder notebooks
	Results   []Result // those of this package, in the order of Code
}

// All returns the index of results, in the order of the notebooks.
func All() []Entry {
	return []Entry{
		{
			Name:      "Transferability",
			Statement: "What is compared: the risks of training from scratch, of linear transfer and of fine-tuning on one target set.",
			Formula:   "R = ‖β̂ − βt‖²\nT = E[R_scratch − R_transfer], positive where transfer wins",
			Code:      []string{"theory.Setting", "theory.Result", "task.NewPair", "task.Pair.Risk", "linear.Network.Train"},
			Notebook:  "00_start_here.ipynb",
		},
		{
			Name:      "Theorem A.2",
			Also:      []string{"Appendix A", "Figure 4"},
			Statement: "No φ-divergence and no integral probability metric between the laws of the two data sets decides transfer.",
			Formula:   "KL = δ²/2σ²,  TV = (2/π)·arctan(δ/2σ),  H² = 1 − (1 + δ²/4σ²)^(−1/2),  W₁ ≤ δ√(2/π),  δ = ‖βs − βt‖",
			Code: []string{"divergence.Tasks", "divergence.KL", "divergence.TotalVariation", "divergence.SquaredHellinger", "divergence.ChiSquared",
				"divergence.Wasserstein1", "divergence.Wasserstein2", "divergence.MMD", "divergence.Dudley", "divergence.BestJudge"},
			Notebook: "01_distances_do_not_predict.ipynb",
		},
		{
			Name:      "Lemma 3.3",
			Statement: "Gradient flow on a deep linear network conserves the imbalance of each pair of neighbouring layers, which is O(α²) from a start of size α.",
			Formula:   "D_l = W_lᵀW_l − W_{l+1}W_{l+1}ᵀ",
			Code:      []string{"linear.Network.Conserved"},
			Notebook:  "02_pretraining_sparsifies.ipynb",
		},
		{
			Name:      "Theorem 3.4",
			Statement: "Pretraining from a small start leaves features of rank one: the direction of the source task.",
			Formula:   "W₁W₂⋯W_{L−1} → βs·vᵀ as α → 0",
			Code:      []string{"linear.Network.Features", "theory.SecondSingular", "theory.EscapeTime", "theory.EscapeExponent"},
			Notebook:  "02_pretraining_sparsifies.ipynb",
		},
		{
			Name:      "Theorem 3.5",
			Statement: "Training from a vanishing start ends at the interpolator of least norm, or at least squares for n ≥ d.",
			Formula:   "β_sc = X⁺y",
			Code:      []string{"linear.NewInterpolator", "linear.Interpolator.MinNorm"},
			Notebook:  "03_scratch_double_descent.ipynb",
		},
		{
			Name:      "Theorem 3.6",
			Also:      []string{"eq. 8"},
			Statement: "The risk from scratch has a double descent with its peak at γ = n/d = 1.",
			Formula:   "R_sc → (1−γ) + σ²γ/(1−γ) for γ < 1\nR_sc → σ²/(γ−1) for γ > 1",
			Code:      []string{"theory.Scratch"},
			Notebook:  "03_scratch_double_descent.ipynb",
			Results:   []Result{Scratch},
		},
		{
			Name:      "Theorem 3.7",
			Also:      []string{"eq. 10", "eq. 11", "Figure 1"},
			Statement: "Linear transfer cannot fall below the part of the target outside the features, sin²θ.",
			Formula:   "T_lt = R_sc − sin²θ, below 0 for γ₋ < γ < γ₊ and for γ > 1 + σ²/sin²θ\nγ± = ½[(1+cos²θ−σ²) ± √((1+cos²θ−σ²)² − 4cos²θ)]",
			Code: []string{"theory.Linear", "theory.LinearTransferability", "theory.Outside", "theory.LinearLoses",
				"linear.Transfer", "linear.NewHead"},
			Notebook: "04_linear_transfer.ipynb",
			Results:  []Result{Linear, LinearTransferability, Outside},
		},
		{
			Name:      "Theorem 3.8",
			Also:      []string{"eq. 13"},
			Statement: "A ridge does not lower the floor of linear transfer.",
			Formula:   "R_lt → 1 − (1+2λ)/(1+λ)²·cos²θ as n → ∞",
			Code:      []string{"theory.Linear", "theory.BestRidge", "linear.Head.Fit"},
			Notebook:  "05_ridge.ipynb",
			Results:   []Result{Linear},
		},
		{
			Name:      "Theorem 3.9",
			Also:      []string{"eq. 15", "Figure 2"},
			Statement: "Fine-tuning keeps the pretrained vector in the null space of the data, at a scale c that the paper takes to be 1.",
			Formula:   "β_ft = β_sc + c·Uβs,  c^(2L/(L−1)) = a·c² + b,  a = ‖Uβs‖², b = ‖β_sc‖²\nT_ft → (1−γ)(2c·cosθ − c²) for γ < 1, 0 beyond; as printed c = 1",
			Code: []string{"theory.FineTuneTransferability", "theory.FineTuneTransferabilityPrinted", "theory.FineTune", "theory.FineTunePrinted",
				"theory.FineTuneScale", "theory.FineTuneScalePrinted", "theory.Scale", "theory.FineTuneBreakEven", "theory.FineTuneBreakEvenMean", "linear.FineTune"},
			Notebook: "06_fine_tuning.ipynb",
			Results: []Result{FineTuneTransferability, FineTuneTransferabilityPrinted, FineTune, FineTunePrinted,
				FineTuneScale, FineTuneScalePrinted},
		},
		{
			Name:      "Theorem C.1",
			Also:      []string{"Appendix C", "eq. 22", "eq. 23"},
			Statement: "With n_s source points the target sees the norm of the pretrained vector and its overlap with the target.",
			Formula: "T_ft → (1−γ)(2cq − c²r²) for γ < 1, 0 beyond; as printed c = 1\n" +
				"r² = γ_s + σ_s²γ_s/(1−γ_s), q = γ_s·cosθ for γ_s < 1;  r² = 1 + σ_s²/(γ_s−1), q = cosθ for γ_s > 1",
			Code: []string{"theory.FineTuneTransferability", "theory.FineTuneTransferabilityPrinted", "theory.Outside", "theory.Limit",
				"task.Pair.DrawSource"},
			Notebook: "07_finite_source.ipynb",
			Results:  []Result{FineTuneTransferability, FineTuneTransferabilityPrinted, Outside},
		},
		{
			Name:      "Figure 5",
			Statement: "Against a baseline with the best weight decay, which has no peak at γ = 1, the band of positive transfer there disappears.",
			Formula:   "λ* = σ²/γ,  R*_sc → ½[1−γ−σ² + √((1−γ−σ²)² + 4σ²)]\nT*_lt < 0 iff γ > cos²θ·(1 + σ²/sin²θ)",
			Code: []string{"theory.ScratchTuned", "theory.LinearTunedTransferability", "theory.TunedRidge",
				"linear.Ridge", "linear.WeightDecay"},
			Notebook: "08_weight_decay.ipynb",
			Results:  []Result{ScratchTuned, LinearTunedTransferability},
		},
		{
			Name:      "Section 4",
			Also:      []string{"eq. 18", "Figure 3", "Appendix E"},
			Statement: "A ReLU student learns the kernel of its source; the part of the target outside the source's function space is the floor of linear transfer.",
			Formula:   "R_lt → ρ·‖f_t‖²,  ρ = ‖P⊥f_t‖²/‖f_t‖²",
			Code: []string{"relu.NewTeacher", "relu.NewStudent", "relu.Network.Train", "relu.Network.Without", "relu.Network.Transfer",
				"relu.Network.Residual", "relu.Gram", "task.NewSpace", "task.Alignment"},
			Notebook: "09_relu_networks.ipynb",
		},
		{
			Name:      "Depth",
			Statement: "The scale c of fine-tuning follows from the end-to-end flow and moves the break-even angle with the number of layers L; beyond the paper.",
			Formula:   "dβ/dt = −‖β‖^(2−2/L)·(g + (L−1)·β̂β̂ᵀg), along which ‖Uβ‖ ∝ ‖β‖^((L−1)/L)\ncosθ = c/2 at the break-even angle",
			Code:      []string{"linear.Flow", "linear.NewBalanced", "theory.Scale", "theory.FineTuneScale", "theory.FineTuneBreakEven"},
			Notebook:  "10_depth.ipynb",
			Results:   []Result{FineTuneScale},
		},
		{
			Name:      "Joint law",
			Statement: "The exact joint law of the three risks over data sets, at any size, and the probability that transfer wins on one; beyond the paper.",
			Formula:   "R_sc = B + N², B ~ Beta((d−n)/2, n/2), N² = σ²χ²_n/χ²_{d−n+1} for n < d\nR_lt = sin²θ + (σ² + sin²θ)·χ²₁/χ²_n",
			Code:      []string{"theory.NewLaw", "theory.Law.Draw", "theory.Law.Sample", "theory.Setting.Summary"},
			Notebook:  "11_law_of_transferability.ipynb",
		},
		{
			Name:      "Many features",
			Statement: "With k source tasks the floor is the part ρ of the target outside their span, and the features cost k/n; beyond the paper.",
			Formula:   "E R_lt = ρ + (σ²+ρ)·k/(n−k−1) for n > k+1",
			Code:      []string{"theory.Linear", "theory.LinearTransferability", "theory.Outside", "task.NewFamily", "task.NewSpace", "linear.NewMultiNetwork"},
			Notebook:  "12_many_features.ipynb",
			Results:   []Result{Linear, LinearTransferability, Outside},
		},
		{
			Name:      "Approach of the limit",
			Statement: "The mean risks at a finite size approach the proportional limit like 1/d; beyond the paper.",
			Formula:   "R(d) = R_∞ + A/d + …,  A = σ²γ/(1−γ)² from scratch at γ < 1",
			Code:      []string{"theory.Setting.Limit", "theory.Scratch", "theory.ScratchTuned", "theory.Linear", "theory.FineTune"},
			Notebook:  "13_sweeps.ipynb",
			Results:   []Result{Scratch, ScratchTuned, Linear, FineTune},
		},
	}
}

// Find returns the entries of the index with this name, in any case: "Theorem 3.9",
// what belongs to it ("eq. 15", "figure 2"), or the number alone of a theorem ("3.9").
func Find(name string) []Entry {
	name = plainName(name)
	return slices.DeleteFunc(All(), func(e Entry) bool {
		for _, n := range append([]string{e.Name}, e.Also...) {
			n = plainName(n)
			number := n[strings.LastIndexByte(n, ' ')+1:]
			if n == name || number == name && strings.Contains(number, ".") {
				return false
			}
		}
		return true
	})
}

// plainName is a name without case, spelled in one way.
func plainName(name string) string {
	words := strings.Fields(strings.ToLower(name))
	if len(words) > 1 {
		switch strings.TrimSuffix(words[0], ".") {
		case "eq", "eqn", "equation":
			words[0] = "eq"
		case "thm", "theorem":
			words[0] = "theorem"
		case "fig", "figure":
			words[0] = "figure"
		case "sec", "section":
			words[0] = "section"
		}
	}
	return strings.Join(words, " ")
}
