"""What image would excite a part of a network most: objective × parametrisation × transforms, which compose.

After Olah, Mordvintsev and Schubert, "Feature Visualization" (Distill, 2017).
"""
