"""The sounds of pipes, computed: what the demo's podcast plays.

Owns short WAV files made of sines and noise; no recording is stored. The same name
always gives the same bytes.
"""

from __future__ import annotations

import array
import io
import math
import random
import sys
import wave
from collections.abc import Callable
from functools import lru_cache

RATE = 11025  # samples a second: plenty for a pipe, and small
SECONDS = 8
BYTES = 44 + 2 * RATE * SECONDS  # of each file: a feed names it without computing the sound
_LOUD = 26_000  # of 32,767: leaves room before clipping

Sound = Callable[[float, random.Random], float]


def _hum(time: float, noise: random.Random) -> float:
    """A pump: the mains' frequency, its harmonics, and the slow beat of two rotors not quite in step."""
    beat = 0.75 + 0.25 * math.sin(math.tau * 0.7 * time)
    tone = sum(math.sin(math.tau * 50 * n * time) / n for n in (1, 2, 3, 5, 7))
    return 0.4 * beat * tone + 0.02 * noise.uniform(-1, 1)


def _hiss(time: float, noise: random.Random) -> float:
    """A leak: noise that does not stop, over the ground's own hum."""
    return 0.35 * noise.uniform(-1, 1) * (0.9 + 0.1 * math.sin(math.tau * 3 * time)) + 0.1 * math.sin(
        math.tau * 60 * time
    )


def _hammer(time: float, noise: random.Random) -> float:
    """Water hammer: a valve shut too fast every two seconds, and the pipe answering."""
    since = time % 2
    ring = math.sin(math.tau * 180 * since) + 0.6 * math.sin(math.tau * 437 * since)
    return 0.55 * ring * math.exp(-5 * since) + 0.01 * noise.uniform(-1, 1)


def _drip(time: float, noise: random.Random) -> float:
    """Drops into a half-full well: each a short falling note, unevenly spaced."""
    since = (time * 1.3 + 0.2 * math.sin(time)) % 1
    return 0.7 * math.sin(math.tau * (1100 - 500 * since) * since) * math.exp(-14 * since) + 0.01 * noise.uniform(-1, 1)


def _murmur(time: float, noise: random.Random) -> float:
    """The pump with uneven vanes: the same energy in tones that share no common interval, so none stands out."""
    tones = (43.1, 57.7, 71.3, 89.9, 103.7, 131.1, 149.3, 173.9, 211.7)
    chord = sum(math.sin(math.tau * tone * time + tone) for tone in tones) / len(tones)
    return (0.7 * chord + 0.12 * noise.uniform(-1, 1)) * (0.8 + 0.2 * math.sin(math.tau * 0.3 * time))


def _knock(time: float, noise: random.Random) -> float:
    """A meter's gear with one worn tooth: even ticks, every eighth one heavier."""
    tick = int(time * 6)
    since = time * 6 - tick
    return (0.8 if tick % 8 == 0 else 0.3) * noise.uniform(-1, 1) * math.exp(-30 * since)


SOUNDS: dict[str, Sound] = {
    "drip": _drip,
    "hammer": _hammer,
    "hiss": _hiss,
    "hum": _hum,
    "knock": _knock,
    "murmur": _murmur,
}


@lru_cache(maxsize=len(SOUNDS))
def wav(name: str) -> bytes:
    """The sound called ``name`` as a WAV file: mono, 16 bit, SECONDS long, faded in and out."""
    sound, noise = SOUNDS[name], random.Random(name)
    total = RATE * SECONDS
    samples = array.array("h")
    for index in range(total):
        fade = min(1.0, index / RATE, (total - index) / RATE)
        value = fade * sound(index / RATE, noise)
        samples.append(int(_LOUD * max(-1.0, min(1.0, value))))
    if sys.byteorder == "big":
        samples.byteswap()  # WAV is little-endian (RIFF)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()
