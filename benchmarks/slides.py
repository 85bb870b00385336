"""Time and memory of both deck formats from a ready model (tiku's JSON), each in a process of its own.

Usage: benchmarks/slides.py [QUESTIONS ...]   (default: 100 1000 10000)
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ITEM = (
    "{n}. **要点{n}：** 在多数情况下，权重的规模约为 {n}，而编码器（Encoder）"
    "只需比较其中的框架，便能替换完整的步骤。与之相比，解码器的密钥需要设计充分的偏差，"
    "否则缓存会使数据不够局部。"
)


def document(count: int) -> str:
    """A bank of `count` questions like those of real study guides: five points and an explanation each."""
    points = "\n\n".join(ITEM.format(n=number) for number in range(1, 6))
    return "\n\n".join(
        f"### {n}. 第 {n} 题的区别与联系\n\n**题目：** 为什么系统 {n} 要这样设计？\n\n**答案：**\n\n主要有以下几点：\n\n"
        f"{points}\n\n**解析：**\n\n需要注意的是，当用户与模块 {n} 不一致时，可以比较两者的差别，从而引入高效的监控。"
        for n in range(1, count + 1)
    )


def measure(source: str, target: str) -> None:
    """Write the model in `source` to `target`; print the seconds that takes, and the megabytes of the whole process."""
    import tiku  # noqa: PLC0415 - its cost belongs to the process that is measured

    bank = tiku.read(source).bank
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    began, cpu = time.perf_counter(), time.process_time()
    tiku.write(bank, target, time=1_700_000_000)
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    size = Path(target).stat().st_size / 1e6
    name = Path(target).name
    print(
        f"{name}: {wall:.2f} s ({used:.2f} s CPU), {size:.1f} MB, peak {peak} MB ({before} MB after reading)",
        flush=True,
    )


def main() -> None:
    """Run each size and format."""
    if sys.argv[1:2] == ["--one"]:
        measure(*sys.argv[2:4])
        return
    with tempfile.TemporaryDirectory() as folder:
        for count in [int(each) for each in sys.argv[1:]] or [100, 1000, 10_000]:
            source = Path(folder) / f"{count}.md"
            source.write_text(document(count), encoding="utf-8")
            model = source.with_suffix(".json")
            command = [sys.executable, "-m", "tiku", "convert", "-q", str(source), "-o", str(model)]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # many questions are alike
            for suffix in (".pptx", ".slides.html"):
                target = source.with_suffix(suffix)
                subprocess.run([sys.executable, __file__, "--one", str(model), str(target)], check=True)


if __name__ == "__main__":
    main()
