"""What matrices drawn on a canvas share: a place that scrolls sideways, and a line below for what is pointed at."""

HTML = """
<div class="frame"><div class="wide"><canvas tabindex="0" role="img"></canvas></div>
<div class="tip" aria-live="polite"></div></div>
"""
CSS = """
.frame { position: relative; width: 100%; line-height: 0; padding-bottom: 1.5rem; }
.wide { width: 100%; overflow-x: auto; }
canvas { image-rendering: pixelated; display: block; outline-offset: -2px; cursor: pointer; }
canvas:focus-visible { outline: 2px solid var(--st-primary-color); }
.tip { position: absolute; bottom: 0; left: 0; font: 0.8rem/1.3rem var(--st-font); color: var(--st-text-color);
       opacity: 0.75; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; max-width: 100%; }
"""
