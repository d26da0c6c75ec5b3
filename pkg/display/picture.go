package display

import (
	"bytes"
	"fmt"
	"image"
	"image/png"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// maxPixels bounds the area of a picture: an image.Uniform has 4·10¹⁸ pixels.
const maxPixels = 64 << 20

// Image shows an image as PNG.
func Image(img image.Image) Data {
	size := img.Bounds().Size()
	if int64(size.X)*int64(size.Y) > maxPixels || size.X > maxPixels || size.Y > maxPixels {
		return failed(fmt.Errorf("an image of %d × %d pixels: it must have at most %d", size.X, size.Y, maxPixels))
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return failed(err)
	}
	return MakeData3(MIMETypePNG, fmt.Sprintf("image, %d × %d pixels", size.X, size.Y), b.Bytes())
}

// Resolution of a plot: as many dots as a screen of high density shows.
const dpi, screenDPI = 192, 96

// Plot shows a plot of gonum, as a notebook shows one that is the last value of a cell. inches
// are its width and its height, by default 4.4 and 3.3.
func Plot(p *plot.Plot, inches ...float64) (d Data) {
	size := [2]float64{4.4, 3.3}
	if len(inches) > len(size) {
		return failed(fmt.Errorf("Plot(p, %v): behind the plot there are at most its width and its height", inches))
	}
	copy(size[:], inches)
	for _, x := range size {
		if !(x >= 0.1 && x <= 40) {
			return failed(fmt.Errorf("a plot of %v × %v inches: each must be from 0.1 to 40", size[0], size[1]))
		}
	}
	if p == nil {
		return failed(fmt.Errorf("the plot is nil"))
	}
	defer func() {
		if r := recover(); r != nil { // gonum panics on a plot that cannot be drawn
			d = failed(fmt.Errorf("the plot cannot be drawn: %v", r))
		}
	}()
	c := vgimg.NewWith(vgimg.UseWH(vg.Length(size[0])*vg.Inch, vg.Length(size[1])*vg.Inch), vgimg.UseDPI(dpi))
	p.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(&b); err != nil {
		return failed(err)
	}
	d = MakeData3(MIMETypePNG, fmt.Sprintf("plot, %.3g × %.3g in", size[0], size[1]), b.Bytes())
	d.Metadata = MIMEMap{MIMETypePNG: map[string]interface{}{"width": int(size[0] * screenDPI), "height": int(size[1] * screenDPI)}}
	return d
}
