"""Charts as SVG: pure functions of data and words. Colours, dashes and sizes of letters are the style sheet's."""
