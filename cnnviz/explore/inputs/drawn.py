"""Four drawn pictures of things that CIFAR-10 has classes for: something to look at before any data set.

Paths are corners "x,y x,y …" in pixels.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from cnnviz.explore.inputs.canvas import FULL, Canvas, Path, Point, any_of, both, curve, oval, points, polygon


def airplane() -> NDArray[np.uint8]:
    """An airliner climbing in a blue sky."""
    sky = Canvas((0, (58, 116, 190)), (150, (122, 170, 222)), (256, (190, 214, 238)), seed=3)
    clouds = (sky.noise(4, 9) + 0.6 * sky.noise(9, 20) + 0.35 * sky.noise(22, 44)) / 1.4
    low = np.linspace(-1.5, 0.75, FULL, dtype=np.float32)[:, None]
    cover = (((clouds + low) * 0.55).clip(0, 1) * 255).astype(np.uint8)
    sky.fill(Image.fromarray(cover), (250, 251, 253), (236, 240, 246), opacity=0.92)

    plane = Canvas((0, (0, 0, 0)), (256, (0, 0, 0)), seed=3)
    body = (
        "22,133 26,127 36,121 52,117 80,115.5 130,115 176,115 204,116.5 226,120 240,124 238,127 "
        "222,131 200,137 172,142 130,144 70,144 42,142 27,138"
    )
    far_wing = "126,117 146,117 186,92 192,87 184,88"
    far_tail = "214,119 226,119 241,106 244,103 238,104"
    fin = "196,117 226,121 243,78 246,72 232,73 226,76"
    near_wing = "98,137 146,139 212,186 219,194 208,192 160,172 120,152"
    near_tail = "206,127 232,126 252,143 254,147 244,145 220,137"
    engine = "112,157 118,153 134,153.5 146,157 145,163 134,167 118,167 112,164"
    plane.shape(far_wing, (150, 160, 174), (176, 184, 196))
    plane.shape(far_tail, (150, 160, 174), (176, 184, 196))
    plane.shape(fin, (186, 40, 46), (158, 28, 36))
    plane.shape("238.6,90 243,78 246,72 232,73 226,76 219,88", (238, 240, 244))
    hull = polygon(body, smooth=True)
    plane.fill(hull, (255, 255, 255), (222, 228, 236))
    plane.fill(both(hull, polygon("0,133 256,127 256,160 0,160")), (196, 204, 216), (112, 122, 140))
    plane.fill(both(hull, polygon("0,132 256,125 256,127.5 0,135")), (186, 40, 46))
    plane.fill(both(hull, polygon("207,110 260,110 260,142 195,142")), (186, 40, 46), (132, 22, 30))
    for number in range(30):
        x = 58 + number * 4.6
        plane.oval((x, 123.2, x + 2.1, 126.4), (64, 78, 100))
    for x in (48, 118, 190):
        plane.line([(x, 120), (x, 131)], (176, 184, 196), 0.7)
        plane.line([(x + 4.5, 120), (x + 4.5, 131)], (176, 184, 196), 0.7)
    plane.shape("30,126 35,122.4 43,121 43,125 36,127", (44, 56, 76), (70, 84, 108))
    plane.fill(both(hull, polygon("92,146 154,146 146,137 98,135")), (140, 150, 166), (104, 114, 130))
    plane.shape(engine, (226, 231, 238), (104, 114, 132), smooth=True)
    plane.oval((110, 153.5, 116.5, 166.5), (178, 186, 198), (110, 118, 132))
    plane.oval((111.3, 155.5, 115.6, 164.5), (44, 50, 62))
    plane.shape(near_wing, (206, 213, 223), (150, 160, 176))
    plane.line("100,138.5 121,152.5 160,172.3 208,192", (236, 240, 245), 1.4)
    plane.line("138,144 202,187", (132, 142, 158), 0.8)
    plane.shape(near_tail, (206, 213, 223), (146, 156, 172))
    parts = [far_wing, far_tail, fin, near_wing, near_tail]
    mask = any_of(hull, polygon(engine, smooth=True), oval((110, 153.5, 116.5, 166.5)), *map(polygon, parts))
    sky.turned(plane, mask, -11)
    return sky.finished()


def ship() -> NDArray[np.uint8]:
    """A cargo ship on the open sea."""
    sea = Canvas(
        (0, (112, 162, 210)), (90, (176, 205, 230)), (132, (222, 232, 238)), (140, (222, 232, 238)), seed=8
    )
    haze = ((sea.noise(5, 12) + 0.6 * sea.noise(11, 30) + 0.3 * sea.noise(30, 60)) * 0.5 - 0.15).clip(0, 1)
    sea.fill(Image.fromarray((haze * 255).astype(np.uint8)), (255, 255, 255), opacity=0.75)
    water = polygon("0,138 256,138 256,256 0,256")
    sea.fill(water, (96, 142, 172), (16, 56, 92))
    for count, high, amount in ((18, 110, 5.0), (40, 150, 6.0), (90, 256, 6.0)):
        near = np.linspace(0, 1, FULL, dtype=np.float32)[:, None].clip(0.54, 1) * 1.4 - 0.5
        sea.pixels += (sea.noise(count, high) * amount * near)[..., None] * (
            np.asarray(water, np.float32) / 255
        )[..., None]

    hull = "18,140 28,141 34,146 206,146 212,137 246,133 238,152 228,177 40,177 26,168"
    sea.shadow(polygon("30,172 236,172 226,204 46,204"), 5, 0.55, (8, 26, 44))
    stacks = (
        (92, 60, 44),
        (170, 70, 46),
        (52, 96, 136),
        (206, 160, 72),
        (84, 122, 96),
        (150, 54, 52),
        (196, 196, 192),
    )
    heights = (4, 5, 5, 4, 5, 4, 5, 4, 3)
    for column, height in enumerate(heights):
        left = 80 + column * 14.2
        for level in range(height):
            bottom = 147 - level * 7.4
            base = stacks[int(sea.random.integers(len(stacks)))]
            dark = (int(base[0] * 0.72), int(base[1] * 0.72), int(base[2] * 0.72))
            sea.shape(
                [(left, bottom - 7), (left + 13.4, bottom - 7), (left + 13.4, bottom), (left, bottom)],
                base,
                dark,
            )
            for rib in range(1, 5):
                x = left + rib * 2.7
                sea.line([(x, bottom - 6.4), (x, bottom - 0.6)], dark, 0.5)
    sea.shape("36,146 36,96 70,96 74,146", (250, 250, 248), (214, 218, 222))
    sea.shape("31,98 31,89 77,89 75,98", (255, 255, 255), (224, 228, 232))
    sea.shape("34,95.5 34,91 74.5,91 74,95.5", (44, 60, 78), (78, 98, 116))
    for row in range(5):
        for column in range(5):
            left, top = 40 + column * 6.4, 101.5 + row * 8.6
            sea.shape(
                [(left, top), (left + 3.2, top), (left + 3.2, top + 3.4), (left, top + 3.4)], (70, 88, 106)
            )
    sea.shape("38,89 40,64 54,64 56,89", (206, 62, 40), (168, 44, 30))
    sea.shape("39.4,72 40,64 54,64 54.6,72", (34, 36, 42))
    sea.line("66,89 66,60", (235, 238, 240), 1.6)
    sea.line("60,70 72,70", (235, 238, 240), 1.2)
    sea.line("226,136 226,108", (226, 230, 232), 1.6)
    side = polygon(hull)
    sea.fill(side, (44, 62, 88), (26, 38, 58))
    sea.fill(both(side, polygon("0,165 256,165 256,190 0,190")), (166, 48, 40), (116, 30, 28))
    sea.fill(both(side, polygon("0,163.4 256,163.4 256,165 0,165")), (236, 238, 240))
    sea.line("18,140 28,141 34,146 206,146 212,137 246,133", (222, 228, 234), 1.3)
    foam = sea.noise(44, 130) + 0.5 * sea.noise(120, 256)
    for box, strength in (((16, 171, 246, 183), 0.9), ((210, 168, 256, 184), 1.3), ((0, 174, 50, 186), 1.0)):
        soft = np.asarray(oval(box).filter(ImageFilter.GaussianBlur(14)), np.float32) / 255
        cover = (soft * (foam * 0.42 + 0.5) * strength).clip(0, 1)
        sea.fill(Image.fromarray((cover * 255).astype(np.uint8)), (248, 251, 252), (226, 236, 242))
    return sea.finished()


def car() -> NDArray[np.uint8]:
    """A red car on a country road."""
    road = Canvas((0, (104, 164, 226)), (110, (206, 226, 242)), (256, (206, 226, 242)), seed=5)
    cover = ((road.noise(4, 8) + 0.6 * road.noise(9, 18) + 0.3 * road.noise(24, 40)) * 0.45 - 0.1).clip(0, 1)
    road.fill(Image.fromarray((cover * 255).astype(np.uint8)), (255, 255, 255), opacity=0.8)
    hills = "0,112 40,100 84,108 130,96 180,106 226,94 256,102 256,150 0,150"
    road.shape(hills, (122, 150, 140), (104, 140, 104))
    trees = road.random
    for _ in range(70):
        x, y, size = trees.uniform(-8, 264), trees.uniform(112, 122), trees.uniform(6, 13)
        shade = int(trees.integers(-14, 14))
        road.oval(
            (x - size, y - size, x + size, y + size), (76 + shade, 116 + shade, 62), (36, 70 + shade, 38)
        )
    grass = polygon("0,126 256,124 256,256 0,256")
    road.fill(grass, (134, 166, 84), (92, 130, 56))
    road.grain(7, wide=90, high=200, mask=grass)
    tarmac = polygon("0,158 256,152 256,256 0,256")
    road.fill(tarmac, (128, 130, 134), (92, 94, 98))
    road.grain(4, wide=300, high=400, mask=tarmac)
    road.line("0,162 256,156", (228, 228, 222), 1.6)
    for left in (-14, 74, 162, 250):
        road.shape([(left, 236), (left + 50, 235), (left + 46, 241), (left - 6, 242)], (232, 230, 216))

    body = (
        "18,176 19,160 24,151 40,146 66,142 84,128 98,118 112,114 140,112.5 164,114 178,119 "
        "198,136 206,141 228,146 238,153 241,164 240.5,178 237,184.5 228,186 180,186.4 80,186.4 "
        "30,186 21,184"
    )
    road.shadow(oval((14, 184, 246, 208)), 4, 0.75)
    shell = polygon(body, smooth=True)
    road.fill(shell, (236, 64, 52), (140, 16, 22))
    road.fill(both(shell, polygon("0,158 256,156 256,159.5 0,161.5")), (250, 132, 116))
    road.fill(both(shell, polygon("0,177 256,177 256,190 0,190")), (66, 16, 20), (36, 12, 16))
    roof = "92,124 100,119 114,116.4 140,115 162,116.4 174,120.5 190,134"
    road.line(roof, (255, 150, 134), 1.6)
    glass = "74,143 90,129 102,121 116,118.5 140,117.5 161,119 172,123 192,141"
    pane = polygon(glass)
    road.fill(pane, (162, 192, 214), (52, 70, 90))
    road.fill(both(pane, polygon("102,112 118,112 100,150 84,150")), (220, 234, 244), opacity=0.55)
    road.fill(both(pane, polygon("150,112 160,112 146,150 136,150")), (220, 234, 244), opacity=0.45)
    for pillar in ("128,114 134,114 133,146 127,146", "178,122 182,122 178,146 170,146"):
        road.fill(both(shell, polygon(pillar)), (206, 42, 38), (170, 26, 28))
    road.line("74,143.5 194,141.5", (70, 12, 18), 1.2)
    for seam in ("82,144 80,162 88,178", "130,144 130,179", "176,143 184,156 180,166"):
        road.line(seam, (112, 12, 20), 0.9)
    road.line("112,152 122,151.6", (70, 12, 18), 1.8)
    road.line("164,151 174,150.6", (70, 12, 18), 1.8)
    road.shape("20,157 26,151 37,149 33,157 22,161", (255, 250, 224), (232, 214, 160))
    road.shape("239,155 232,150 228,152 232,162 240,163", (150, 8, 12), (110, 4, 8))
    road.shape("20,168 42,168 40,174 20,174", (40, 12, 16))
    road.oval((80, 137, 92, 146), (226, 54, 46), (150, 20, 26))
    for x in (64, 198):
        road.oval((x - 25, 156, x + 25, 206), (44, 8, 12), (20, 20, 24))
        road.oval((x - 21, 161, x + 21, 203), (46, 46, 50), (18, 18, 20))
        road.oval((x - 14, 168, x + 14, 196), (214, 218, 224), (146, 150, 158))
        for spoke in range(5):
            angle = spoke * 2 * np.pi / 5 + 0.3
            near, far = angle - 0.3, angle + 0.3
            points = [
                (x + r * np.cos(a), 182 + r * np.sin(a)) for r, a in ((4, angle), (12, near), (12, far))
            ]
            road.shape(points, (54, 56, 62))
        road.oval((x - 3.4, 178.6, x + 3.4, 185.4), (232, 234, 238), (170, 174, 180))
    return road.finished()


def frog() -> NDArray[np.uint8]:
    """A green frog on a leaf."""
    pond = Canvas((0, (40, 62, 40)), (150, (66, 92, 50)), (256, (34, 54, 36)), seed=11)
    pond.grain(16, wide=5, high=5)
    pond.grain(7, wide=11, high=13)
    for _ in range(26):
        x, y, r = pond.random.uniform(0, 256), pond.random.uniform(0, 120), pond.random.uniform(5, 16)
        pond.shadow(oval((x - r, y - r, x + r, y + r)), 2.5, 0.16, (190, 214, 130))
    leaf = polygon("-20,214 40,186 130,176 220,184 280,206 270,262 120,282 -20,262", smooth=True)
    pond.fill(leaf, (138, 168, 84), (70, 104, 44))
    pond.grain(4, wide=60, high=50, mask=leaf)
    for end in ((-10, 232), (10, 262), (70, 276), (140, 280), (210, 272), (268, 250), (276, 222)):
        pond.line([(130, 184), end], (168, 192, 112), 1.1)
    pond.shadow(oval((34, 196, 226, 232)), 5, 0.6, (10, 22, 8))

    light, mid, dark = (150, 200, 72), (98, 156, 46), (50, 96, 30)
    for mirror in (False, True):
        side = partial(_side, mirror=mirror)
        thigh = side("84,138 58,132 36,150 26,182 34,206 60,212 88,202 96,170")
        pond.shape(thigh, light, dark, smooth=True)
        pond.shape(side("34,196 62,200 92,206 90,214 50,217 30,211"), mid, dark, smooth=True)
        for toe in ((14, 219), (24, 226), (40, 229)):
            pond.line(side([(46, 211), toe]), dark, 5)
            x, y = side([toe])[0]
            pond.oval((x - 4, y - 3.4, x + 4, y + 3.4), mid, dark)
        for x, y, r in ((46, 160, 6), (60, 148, 5), (42, 182, 4.5), (62, 174, 5)):
            left, top = side([(x, y)])[0]
            pond.oval((left - r, top - r * 0.8, left + r, top + r * 0.8), (66, 114, 34), (48, 92, 28))
    body = "128,84 92,92 72,122 70,162 84,198 106,212 150,212 172,198 186,162 184,122 164,92"
    pond.shape(body, light, dark, smooth=True)
    belly = "128,128 98,134 88,160 98,196 114,208 142,208 158,196 168,160 158,134"
    pond.shape(belly, (226, 232, 170), (176, 190, 112), smooth=True)
    for mirror in (False, True):
        side = partial(_side, mirror=mirror)
        pond.shadow(polygon(side("90,150 108,160 110,210 92,214"), smooth=True), 3, 0.3, (30, 50, 10))
        pond.shape(side("84,138 104,150 108,180 102,212 88,214 86,186 76,160"), light, dark, smooth=True)
        for toe in ((72, 225), (86, 231), (101, 230), (113, 224)):
            pond.line(side([(95, 212), toe]), dark, 4.4)
            x, y = side([toe])[0]
            pond.oval((x - 4, y - 3.4, x + 4, y + 3.4), mid, dark)
    head = "128,66 100,68 76,80 62,104 72,126 98,138 128,141 158,138 184,126 194,104 180,80 156,68"
    pond.shadow(oval((74, 122, 182, 150)), 4, 0.35, (20, 44, 8))
    skull = polygon(head, smooth=True)
    pond.fill(skull, (166, 212, 84), (92, 150, 44))
    pond.fill(
        both(skull, polygon("56,112 90,124 128,128 166,124 200,112 190,150 66,150", smooth=True)),
        (214, 224, 150),
        (188, 204, 122),
    )
    pond.line(curve("66,110 90,122 128,126 166,122 190,110", closed=False), (44, 70, 24), 2)
    for x, y, r in ((112, 86, 4), (144, 82, 4.5), (128, 98, 3.5), (100, 104, 3), (158, 102, 3.4)):
        pond.oval((x - r, y - r * 0.8, x + r, y + r * 0.8), (118, 170, 54), (94, 148, 44))
    for x in (120, 136):
        pond.oval((x - 1.5, 108, x + 1.5, 110.6), (40, 66, 22))
    for x in (88, 168):
        pond.oval((x - 21, 50, x + 21, 92), (158, 206, 80), (86, 142, 42))
        pond.oval((x - 16, 54, x + 16, 86), (66, 86, 24), (46, 66, 20))
        pond.oval((x - 14.5, 55.5, x + 14.5, 84.5), (238, 190, 66), (196, 128, 30))
        pond.oval((x - 11, 63.5, x + 11, 76.5), (16, 16, 14))
        pond.oval((x - 9, 59, x - 3, 65), (255, 255, 255))
    return pond.finished()


def _side(path: Path, *, mirror: bool) -> list[Point]:
    return [(256 - x, y) if mirror else (x, y) for x, y in points(path)]
