"""Programs as hls4ml projects: written, compiled with g++ and run in batches."""
