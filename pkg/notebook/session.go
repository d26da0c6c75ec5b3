package notebook

import (
	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/jupyter"
	"github.com/features-are-fate/fate/pkg/trial"
)

// kernel is a session in a Jupyter kernel.
type kernel struct {
	*jupyter.Client
	cell string // id of the next cell
}

func startKernel(o Options) (*kernel, error) {
	c, err := jupyter.Start(jupyter.Options{Kernel: o.Kernel, Dir: o.Dir, Notebook: o.Name, Env: []string{engine.CacheVariable + "=" + o.cache()}})
	return &kernel{Client: c}, err
}

func (k *kernel) at(o figure.Origin) { k.cell = o.Cell }

func (k *kernel) run(code string, replies chan<- reply) {
	failed := k.Run(k.cell, code, func(o ipynb.Output) { replies <- reply{Output: &o} }, func(p trial.Progress) { replies <- reply{Progress: &p} })
	replies <- reply{Done: true, Error: failed}
}

func (k *kernel) interrupt() { k.Interrupt() }

func (k *kernel) kill() { k.Kill() }

func (k *kernel) stop() { k.Stop() }
